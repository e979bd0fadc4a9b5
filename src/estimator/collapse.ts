/** Fewer samples than these say nothing about whether codes vary. */
const enough = 32;

const advice =
  'Let the weight of the KL term rise from 0 (betaSchedule, --beta-warmup), or make it smaller (beta, --beta), or leave a part of the KL free where the family has a capacity; of a gaussian likelihood try a smaller variance, or a learned one';

/** What is known of a code for `collapseNotes`. */
export interface CodeUse {
  readonly samples: number;
  readonly activeUnits: number;
  readonly latent: number;
  /** Whether codes have a distribution, and a KL term that they are paid by. */
  readonly variational: boolean;
}

/** A sentence about a code of which no number varies over the data, or less than an eighth, with what to try. */
export function collapseNotes({ samples, activeUnits, latent, variational }: CodeUse): string[] {
  if (samples < enough || activeUnits >= latent / 8) return [];
  if (!variational) {
    return [
      `${activeUnits} of ${latent} numbers of the code vary over the data; the others say nothing. Try another activation than relu, a smaller learning rate, or a smaller code`,
    ];
  }
  return activeUnits === 0
    ? [
        `posterior collapse: no latent dimension varies over the data, so all samples have the same code, and reconstructions are their average. ${advice}`,
      ]
    : [
        `only ${activeUnits} of ${latent} latent dimensions vary over the data; of the others the posterior is the prior (they have collapsed). A smaller code would do as well; or, to use more of it: ${advice[0]!.toLowerCase()}${advice.slice(1)}`,
      ];
}
