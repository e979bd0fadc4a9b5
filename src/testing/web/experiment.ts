import type * as Browser from '../../browser.js';

/** A small training run, as plain data: callbacks must have no functions. */
export interface Experiment {
  readonly family: 'autoencoder' | 'vae';
  readonly options: Browser.AutoencoderOptions | Browser.VaeOptions;
  readonly fit: Omit<Browser.TrainingOptions, 'signal' | 'validation' | 'resume'>;
  readonly samples: { readonly data: Uint8Array | Float32Array; readonly shape: number[] };
}

/** What came of it. */
export interface Outcome {
  readonly rows: readonly Readonly<Record<string, number>>[];
  readonly weights: Readonly<Record<string, Float32Array>>;
  /** The codes of the samples. */
  readonly codes: Float32Array;
  /** The message of the `DivergenceError` that ended training. */
  readonly divergence: string | null;
}

/**
 * Trains and looks at the result. The same function runs in Node and in a page: it must use nothing but its
 * argument.
 * @param entry the module to import: the entry point of this package for Node or for browsers
 */
export async function runExperiment({
  entry,
  backend,
  experiment: { family, options, fit, samples },
}: {
  readonly entry: string;
  readonly backend?: Browser.WebBackendName;
  readonly experiment: Experiment;
}): Promise<Outcome> {
  const library = (await import(entry)) as typeof Browser;
  const where = backend ? { backend } : {};
  const model =
    family === 'vae'
      ? library.vae(options as Browser.VaeOptions, where)
      : library.autoencoder(options as Browser.AutoencoderOptions, where);
  let divergence: string | null = null;
  try {
    await model.fit(samples, fit);
  } catch (error) {
    if (!(error instanceof library.DivergenceError)) throw error;
    divergence = error.message;
  }
  const { data: codes } = await model.encode(samples);
  return { rows: model.history!.rows, weights: model.weights, codes, divergence };
}
