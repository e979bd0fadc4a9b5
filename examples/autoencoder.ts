// The reference autoencoder: 784 → 256 ReLU → 784 sigmoid, Adam, mean squared error, batches of 32.
//
//   npm run example -- autoencoder        ten epochs, some twenty seconds on two cores
//   npm run example -- autoencoder 1      one epoch
import { autoencoder, type Dataset, type Matrix, type Model, mnist } from 'autoencoder';

/** Defines and trains. The images are bytes; the model divides them by 255 itself. */
export async function trainAutoencoder(images: Dataset, epochs: number): Promise<Model> {
  const model = autoencoder({
    input: 784,
    latent: 256,
    latentActivation: 'relu',
    output: 'sigmoid',
    loss: 'mse',
  });
  await model.fit(images, {
    epochs,
    batchSize: 32,
    optimizer: 'adam',
    callbacks: [
      {
        name: 'print',
        onEpochEnd: ({ row }) => console.log(`epoch ${row.epoch}: mean squared error ${row.mse?.toFixed(6)}`),
      },
    ],
  });
  return model;
}

/** What the model makes of images, in the units of the input: numbers from 0 to 255. */
export function predictAutoencoder(model: Model, images: Dataset): Promise<Matrix> {
  return model.reconstruct(images);
}

/** The middle row of an image as characters, dark to light. */
function middleRow(pixels: ArrayLike<number>, image: number): string {
  const row = Array.from({ length: 28 }, (_, x) => pixels[image * 784 + 14 * 28 + x] ?? 0);
  return row.map((value) => ' .:-=+*#%@'[Math.min(9, Math.floor(value / 25.6))]).join('');
}

const epochs = Number(process.argv[2] ?? 10);
const model = await trainAutoencoder(await mnist('train'), epochs);

const test = await mnist('test');
const firstTen = { data: test.data.subarray(0, 10 * 784), shape: [10, 28, 28] };
const predictions = await predictAutoencoder(model, firstTen);

console.log('\nThe middle row of the first ten test images, and of their reconstructions:');
for (let image = 0; image < 10; image++) {
  console.log(`  |${middleRow(firstTen.data, image)}|  |${middleRow(predictions.data, image)}|`);
}
const { mse } = await model.evaluate(test);
console.log(`\nMean squared error on the 10,000 test images: ${mse.toFixed(6)}`);
