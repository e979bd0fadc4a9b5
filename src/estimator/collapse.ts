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
  /** Of a codebook: how many vectors are in use, and their share of all. */
  readonly codebook?: { readonly perplexity: number; readonly use: number };
}

/** A codebook of which less than this is used has collapsed. */
const leastUse = 1 / 16;

/** A sentence about a codebook of which few vectors are used, or a code of which no number varies over the data, or less than an eighth, with what to try. */
export function collapseNotes({ samples, activeUnits, latent, variational, codebook }: CodeUse): string[] {
  if (samples < enough) return [];
  if (codebook !== undefined && codebook.use < leastUse) {
    const { perplexity, use } = codebook;
    return [
      `codebook collapse: of ${Math.round(perplexity / use)} vectors about ${perplexity.toFixed(1)} are in use (perplexity). Try a smaller decay or a larger restartBelow, so that unused vectors start again sooner; a larger commitment; or a smaller codebook`,
    ];
  }
  if (activeUnits >= latent / 8) return [];
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
