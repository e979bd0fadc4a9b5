import type { z } from 'zod';
import { autoencoderFamily, convAutoencoderFamily } from './families/autoencoder.js';
import { convVaeFamily, vaeFamily } from './families/vae.js';
import type { Family } from './family.js';

/** Every family by name. A new family is one file and one line here. */
export const families = {
  autoencoder: autoencoderFamily,
  'conv-autoencoder': convAutoencoderFamily,
  vae: vaeFamily,
  'conv-vae': convVaeFamily,
};

/** The name of a family. */
export type FamilyName = keyof typeof families;

/** The options of a family as a user gives them. */
export type FamilyInput<Name extends FamilyName> = z.input<(typeof families)[Name]['schema']>;

/** A family whose options have been checked elsewhere, or will be by its own schema. */
export function familyNamed(name: FamilyName): Family<unknown> {
  return families[name] as unknown as Family<unknown>;
}
