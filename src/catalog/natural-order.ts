const collator = new Intl.Collator("en", { numeric: true });

/** Orders versions as people do: 9.9 before 9.10, 20240821 before 20240821.1. */
export function compareNatural(one: string, other: string): number {
  return collator.compare(one, other);
}
