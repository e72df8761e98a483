import type { EnumArgDef, PositionalArgDef, StringArgDef } from "citty";

/** Turns the text of one value into what it means; throws `usage`. */
type Parse = (text: string) => unknown;

/** What a command takes: citty's definitions, and what they lack. */
export type Argument = Flag | Choice | Switch | Positional;

type Described = { readonly description: string };

/** Further spellings; one letter takes one dash. */
type Aliased = { readonly alias?: string | readonly string[] };

type Switch = Described & Aliased & { readonly type: "boolean" };

type Flag = Omit<StringArgDef, "alias"> &
  Described &
  Aliased & {
    readonly type: "string";
    readonly parse?: Parse;
    /** May be given more than once; the values come as an array. */
    readonly repeatable?: true;
  };

type Choice = Omit<EnumArgDef, "alias" | "options"> &
  Described &
  Aliased & { readonly type: "enum"; readonly options: readonly string[] };

type Positional = PositionalArgDef &
  Described & {
    readonly type: "positional";
    readonly parse?: Parse;
    /** Takes all the words that are left, one at least unless it is not required. */
    readonly repeatable?: true;
    /** Takes every word from here on as it stands, flags too: the command line of another program. */
    readonly rest?: true;
  };

/** By camelCase name; on the command line `dryRun` is `--dry-run`. */
export type Arguments = Readonly<Record<string, Argument>>;

type Value<A> = A extends { parse: (text: string) => infer V }
  ? V
  : A extends { options: readonly (infer V)[] }
    ? V
    : string;

type IsSure<A> = A extends { required: true } | { default: string }
  ? true
  : A extends { type: "positional" }
    ? A extends { required: false }
      ? false
      : true
    : false;

/** What the handler gets of its arguments. */
export type Flags<A extends Arguments> = {
  readonly [Name in keyof A]: A[Name] extends { type: "boolean" }
    ? boolean
    : A[Name] extends { repeatable: true } | { rest: true }
      ? readonly Value<A[Name]>[]
      : IsSure<A[Name]> extends true
        ? Value<A[Name]>
        : Value<A[Name]> | undefined;
};

/** `dryRun` as it is typed: `dry-run`. */
export function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

export function aliasesOf(argument: Argument): string[] {
  if (argument.type === "positional") return [];
  return [argument.alias ?? []].flat();
}
