declare module "*.service" {
  const text: string;
  export = text;
}

declare module "*.conf" {
  const text: string;
  export = text;
}

declare module "*.nft" {
  const text: string;
  export = text;
}

declare module "*.nix" {
  const text: string;
  export = text;
}
