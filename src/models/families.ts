import { autoencoderFamily, convAutoencoderFamily } from './autoencoder.js';
import type { Family } from './family.js';
import { convVaeFamily, vaeFamily } from './vae.js';

/** Every family by name. A new family is one file and one line here. */
export const families = {
  autoencoder: autoencoderFamily,
  vae: vaeFamily,
  'conv-autoencoder': convAutoencoderFamily,
  'conv-vae': convVaeFamily,
};

/** The name of a family. */
export type FamilyName = keyof typeof families;

/** A family whose options have been checked elsewhere, or will be by its own schema. */
export function familyNamed(name: FamilyName): Family<unknown> {
  return families[name] as Family<unknown>;
}
