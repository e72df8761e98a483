# Prints the public keys that stand under any ssh_authorized_keys of a cloud-config, in block or flow style.
# A long key may be folded over several lines, so each list is gathered into one line first.
function indent(line) { match(line, /^ */); return RLENGTH }
function flush_list() {
  while (match(list, /(ssh-|ecdsa-|sk-)[^ ]+ +AAAA[A-Za-z0-9+\/=]+/)) {
    key = substr(list, RSTART, RLENGTH)
    gsub(/ +/, " ", key)
    if (!seen[key]++) print key
    list = substr(list, RSTART + RLENGTH)
  }
  list = ""
  inside = 0
}
/^ *#/ { next }
/^ *(- +)?ssh_authorized_keys:/ { flush_list(); inside = 1; depth = index($0, "ssh_authorized_keys") - 1; list = $0; next }
inside && (indent($0) > depth || indent($0) == depth && /^ *[]-]/) { list = list " " $0; next }
inside { flush_list() }
END { flush_list() }
