// A family of models of your own, in one file: a VAE with free bits (Kingma et al. 2016). Of what a code may say, the first
// `freeBits` nats of each latent cost nothing, so that no latent is given up before the decoder has learned to use it.
//
//   npm run example -- custom-model        five epochs on 10,000 images
//   npm run example -- custom-model 1      one epoch
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { besideElbo, createModel, load, mnist, variationalFamily } from 'autoencoder';
import { add, exp, maximum, mean, mul, sub, sum } from 'autoencoder/graph';
import { z } from 'zod';

/** Minimises nll + Σⱼ max(λ, KLⱼ), where KLⱼ is the mean KL of latent j over the batch. */
const freeBitsVae = variationalFamily({
  name: 'free-bits-vae',
  title: 'VAE with free bits',
  summary: 'a VAE that gives up no latent',
  source: 'Kingma et al. 2016, appendix C.8',
  options: {
    freeBits: z.number().nonnegative().default(0.25).describe('nats of each latent that cost nothing'),
  },
  objective(parts, { freeBits }) {
    const { mean: center, logVar } = parts.parameters;
    const each = mul(sub(add(mul(center!, center!), exp(logVar!)), add(logVar!, 1)), 0.5);
    const paid = sum(maximum(mean(each, 0), freeBits));
    return besideElbo(parts, add(mean(parts.nll), paid), { paidKl: paid });
  },
});

const epochs = Number(process.argv[2] ?? 5);
const whole = await mnist('train');
const train = { data: whole.data.subarray(0, 10_000 * 784), shape: [10_000, 28, 28] };
const test = await mnist('test');

const model = createModel(freeBitsVae, { input: [28, 28], hidden: [256], latent: 16, freeBits: 0.5 });
await model.fit(train, {
  epochs,
  callbacks: [
    {
      name: 'print',
      onEpochEnd: ({ row: { epoch, negativeElbo, kl, paidKl } }) =>
        console.log(
          `epoch ${epoch}: -ELBO ${negativeElbo?.toFixed(2)}, KL ${kl?.toFixed(2)}, paid ${paidKl?.toFixed(2)}`,
        ),
    },
  ],
});
const { negativeElbo, activeUnits } = await model.evaluate(test);
console.log(`Test -ELBO: ${negativeElbo?.toFixed(2)} nats; ${activeUnits} of 16 latents are active`);

// Saved as every model is; whoever loads it passes the family.
const folder = await mkdtemp(join(tmpdir(), 'free-bits-'));
await model.save(folder);
const again = await load(folder, { families: [freeBitsVae] });
const [before, after] = [await model.encode(test), await again.encode(test)];
const isSame = before.data.every((value, i) => value === after.data[i]);
console.log(`Loaded from its folder, it gives ${isSame ? 'the same' : 'other'} codes`);
await rm(folder, { recursive: true });
