// The reference variational autoencoder: 784 → 256 → latent 32 → 256 → 784, Bernoulli likelihood.
//
//   npm run example -- vae        ten epochs, some fifteen seconds on two cores
//   npm run example -- vae 1      one epoch
import { type Dataset, type Matrix, mnist, type VariationalModel, vae } from 'autoencoder';

/** Defines and trains: minimises the negative evidence lower bound, reconstruction plus KL, in nats per image. */
export async function trainVae(images: Dataset, epochs: number): Promise<VariationalModel> {
  const model = vae({ input: 784, hidden: [256], latent: 32, likelihood: 'bernoulli', beta: 1 });
  await model.fit(images, {
    epochs,
    batchSize: 128,
    optimizer: 'adam',
    callbacks: [
      {
        name: 'print',
        onEpochEnd: ({ row: { epoch, loss, reconstructionNll, kl } }) =>
          console.log(
            `epoch ${epoch}: -ELBO ${loss?.toFixed(2)} = ${reconstructionNll?.toFixed(2)} + KL ${kl?.toFixed(2)}`,
          ),
      },
    ],
  });
  return model;
}

/** What the model makes of images, in the units of the input: numbers from 0 to 255. */
export function predictVae(model: VariationalModel, images: Dataset): Promise<Matrix> {
  return model.reconstruct(images);
}

/** An image as text, one character for two rows of pixels. */
function picture(pixels: ArrayLike<number>, image: number): string {
  const lines: string[] = [];
  for (let y = 0; y < 28; y += 2) {
    const row = Array.from({ length: 28 }, (_, x) => pixels[image * 784 + y * 28 + x] ?? 0);
    lines.push(row.map((value) => ' .:-=+*#%@'[Math.min(9, Math.floor(value / 25.6))]).join(''));
  }
  return lines.join('\n');
}

const epochs = Number(process.argv[2] ?? 10);
const model = await trainVae(await mnist('train'), epochs);

const test = await mnist('test');
const firstTen = { data: test.data.subarray(0, 10 * 784), shape: [10, 28, 28] };
const predictions = await predictVae(model, firstTen);
console.log(
  `\nThe first test image:\n${picture(firstTen.data, 0)}\nand its reconstruction:\n${picture(predictions.data, 0)}`,
);

const samples = await model.sample(1, { seed: 3 });
console.log(`\nAn image that never was:\n${picture(samples.data, 0)}`);
const { negativeElbo, reconstructionNll, kl } = await model.evaluate(test);
console.log(
  `\nTest -ELBO: ${negativeElbo?.toFixed(2)} nats = ${reconstructionNll?.toFixed(2)} + KL ${kl?.toFixed(2)}`,
);
