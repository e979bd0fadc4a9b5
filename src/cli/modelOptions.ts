import { InvalidArgumentError, Option } from 'commander';
import type { z } from 'zod';
import { UserError } from '../errors.js';
import { familyOf } from '../estimator/create.js';
import { type FamilyName, families, familyNamed } from '../models/families.js';
import type { Family } from '../models/family.js';
import { messageOf } from '../models/options.js';
import { largest, layerSizes, numberOf } from './parse.js';

/** Options that the command itself describes: their defaults depend on the data, or they are no single value. */
const described = [
  ...['hidden', 'latent', 'activation', 'latentActivation', 'output', 'loss', 'likelihood', 'betaSchedule'],
];

type Field = z.core.$ZodType;

/** The names of all models. */
export const modelNames = Object.keys(families) as FamilyName[];

/** What a model is called within a sentence: `β-VAE`, `sparse autoencoder`. */
export function titleOf(name: string): string {
  const { title } = familyOf(name);
  return /^[A-Z][a-z]/.test(title) ? title.charAt(0).toLowerCase() + title.slice(1) : title;
}

/** All options of a family by name. */
export function fieldsOf({ schema }: Family<unknown>): Readonly<Record<string, Field>> {
  return (schema as unknown as z.ZodObject).shape;
}

/** The options of a family where nothing but what must be said is: its defaults. */
export function usualConfig(family: Family<unknown>): Readonly<Record<string, unknown>> {
  const needed = { latent: 1, ...(isNeeded(family, 'classes') && { classes: 2 }) };
  return family.schema.parse(needed) as Record<string, unknown>;
}

function isNeeded(family: Family<unknown>, name: string): boolean {
  const field = fieldsOf(family)[name] as z.ZodType | undefined;
  return field !== undefined && !field.safeParse(undefined).success;
}

/** Whether a family has an option. */
export function hasOption(family: Family<unknown>, name: string): boolean {
  return Object.hasOwn(fieldsOf(family), name);
}

/** The names of the options of a family that come from its schema, its own first. */
export function optionNames(family: Family<unknown>): string[] {
  const own = Object.keys(family.own);
  const rest = Object.keys(fieldsOf(family)).filter((name) => !own.includes(name));
  return [...own, ...rest].filter((name) => !described.includes(name));
}

/** `kernelSize` as `--kernel-size`. */
export function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** The options of a family as the command line has them, its own under its title, those of networks behind. */
export function familyOptions(family: Family<unknown>): Option[] {
  const fields = fieldsOf(family);
  return optionNames(family).map((name) => {
    const isOwn = Object.hasOwn(family.own, name);
    const found = isOwn && name === 'classes' && family.conditional ? ' (default: those of the labels)' : '';
    return optionOf(name, fields[name]!, found).helpGroup(
      isOwn ? `Options of --model ${family.name} (${family.title}):` : 'Options of its networks:',
    );
  });
}

/** Options that only other models have: known, so that they can be refused with a reason. */
export function foreignOptions(family: Family<unknown>): Option[] {
  const known = new Set(optionNames(family));
  const others = new Set(modelNames.flatMap((name) => optionNames(familyNamed(name))));
  return [...others]
    .filter((name) => !known.has(name))
    .map((name) => new Option(`${flagOf(name)} [value]`).hideHelp());
}

/**
 * What was given of a family's options.
 * @throws {UserError} when one is an option of other models
 */
export function givenOptions(
  family: Family<unknown>,
  given: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  for (const name of [...described, ...modelNames.flatMap((each) => optionNames(familyNamed(each)))]) {
    // The activation of an output also is a part of a likelihood.
    if (name === 'output' || given[name] === undefined || hasOption(family, name)) continue;
    throw foreign(name, family);
  }
  return Object.fromEntries(
    optionNames(family).flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]]])),
  );
}

/** An option that only other models have. */
export function foreign(name: string, family: Family<unknown>, field = name): UserError {
  const having = modelNames.filter((each) => hasOption(familyNamed(each), field));
  const shown = having.length > 4 ? `${having.slice(0, 4).join(', ')} and others` : having.join(', ');
  const instead: Readonly<Record<string, string>> = {
    loss: hasOption(family, 'likelihood') ? ' (it has --likelihood)' : '',
    likelihood: hasOption(family, 'loss') ? ' (it has --loss)' : '',
  };
  return new UserError(
    `${flagOf(name)} is an option of --model ${shown}, but the model is ${family.name}${instead[name] ?? ''}; leave it out, or choose --model ${having[0]}`,
  );
}

/** An option on the command line of a field of a schema. */
function optionOf(name: string, field: Field, found = ''): Option {
  const { inner, preset, description } = unwrapped(field);
  const { type } = inner._zod.def;
  const text = `${description}${presetText(preset)}${found}`;
  if (type === 'boolean') return new Option(flagOf(name), text);
  return new Option(`${flagOf(name)} <${valueName(inner)}>`, text).argParser((value: string) =>
    checked(inner, read(inner, value)),
  );
}

/** A field without what makes it optional. */
function unwrapped(field: Field): { inner: Field; preset: unknown; description: string } {
  const description = (field as z.ZodType).description ?? '';
  let [inner, preset] = [field, undefined as unknown];
  for (;;) {
    const def = inner._zod.def as { type: string; innerType?: Field; defaultValue?: unknown };
    if (def.innerType === undefined) return { inner, preset, description };
    if (def.type === 'default') preset = def.defaultValue;
    inner = def.innerType;
  }
}

function presetText(preset: unknown): string {
  if (preset === undefined || preset === false) return '';
  const text = Array.isArray(preset) ? preset.join(',') || 'none' : String(preset);
  return ` (default: ${text})`;
}

function choicesOf(field: Field): readonly string[] {
  const def = field._zod.def as { type: string; entries?: Readonly<Record<string, string>> };
  return def.type === 'enum' ? Object.values(def.entries!) : [];
}

function valueName(field: Field): string {
  const { type } = field._zod.def;
  if (type === 'array') return 'sizes';
  if (type === 'number') return 'number';
  const choices = choicesOf(field);
  return choices.length > 0 && choices.length <= 4 ? choices.join('|') : 'value';
}

/** What a text means for a field: a number where it is one, else the text. */
function read(field: Field, text: string): unknown {
  if (field._zod.def.type === 'array') return layerSizes(text);
  const value = numberOf(text);
  return Number.isNaN(value) ? text : value;
}

function checked(field: Field, value: unknown): unknown {
  const result = (field as z.ZodType).safeParse(value);
  const isHuge = typeof value === 'number' && Math.abs(value) > largest;
  if (result.success && !isHuge) return result.data;
  throw new InvalidArgumentError(`${expectation(field, result.error?.issues[0])}.`);
}

/** What a field takes, in words. */
function expectation(field: Field, issue: z.core.$ZodIssue | undefined): string {
  const choices = choicesOf(field);
  if (choices.length > 0) return `Expected one of: ${choices.join(', ')}`;
  if (issue === undefined) return 'Expected a number from 0 up to 1e18';
  if (issue.code === 'too_small')
    return `Expected a number ${issue.inclusive ? `from ${issue.minimum} up` : `above ${issue.minimum}`}`;
  if (issue.code === 'too_big')
    return `Expected a number ${issue.inclusive ? `of at most ${issue.maximum}` : `below ${issue.maximum}`}`;
  if (issue.code === 'invalid_type') return `Expected a ${issue.expected === 'int' ? 'whole ' : ''}number`;
  return messageOf(issue);
}
