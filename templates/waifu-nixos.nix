# What waifuctl needs of this machine: add it to `imports` of configuration.nix, then nixos-rebuild switch.
{ pkgs, ... }:
{
  virtualisation.libvirtd.enable = true;
  environment.systemPackages = with pkgs; [ qemu redis nftables curl xz zstd ];
  # {{binary}} asks for the loader of other distributions.
  programs.nix-ld.enable = true;

  users.users.{{user}} = { isSystemUser = true; group = "{{user}}"; };
  users.groups.{{user}} = { };
  networking.firewall.interfaces."{{bridge}}".allowedTCPPorts = [ {{port}} ];
{{files}}}
