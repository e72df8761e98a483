# Turns the runcmd list of a cloud-config into shell lines: plain strings, and one-line lists of words.
function unquote(text) {
  if (text ~ /^".*"$/) { text = substr(text, 2, length(text) - 2); gsub(/\\"/, "\"", text); gsub(/\\\\/, "\\", text) }
  else if (text ~ /^'.*'$/) { text = substr(text, 2, length(text) - 2); gsub(/''/, "'", text) }
  return text
}
function shell_word(text) { gsub(/'/, "'\\''", text); return "'" text "'" }
function words(list,    out, word, quote, i, c) {
  for (i = 1; i <= length(list); i++) {
    c = substr(list, i, 1)
    if (quote != "") { if (c == "\\" && quote == "\"") { word = word c; c = substr(list, ++i, 1) } else if (c == quote) quote = "" }
    else if (c == "\"" || c == "'") quote = c
    else if (c == ",") { out = out " " shell_word(unquote(trim(word))); word = ""; continue }
    word = word c
  }
  return out " " shell_word(unquote(trim(word)))
}
function trim(text) { gsub(/^ +| +$/, "", text); return text }
/^runcmd:/ { inside = 1; next }
/^[^ #-]/ { inside = 0 }
inside && /^ *- / {
  item = $0
  sub(/^ *- +/, "", item)
  item = trim(item)
  if (item ~ /^\[.*\]$/) print words(substr(item, 2, length(item) - 2))
  else print unquote(item)
}
