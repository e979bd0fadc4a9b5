// A compact code for every picture of a folder, whatever its size and format.
//
//   npm run example -- pictures              the pictures of this repository's documents
//   npm run example -- pictures my-photos    a folder of your own
import { fileURLToPath } from 'node:url';
import { autoencoder, readDataset } from 'autoencoder';

const documents = fileURLToPath(new URL('../../docs/images', import.meta.url));
const pictures = await readDataset(process.argv[2] ?? documents, { size: [24, 32], colour: 'grey' });
for (const note of pictures.notes ?? []) console.log(note);

const [count = 0, height = 0, width = 0] = pictures.shape;
const model = autoencoder({ input: [height, width], hidden: [64], latent: 4 });
const { rows } = await model.fit(pictures, { epochs: 60, learningRate: 0.003 });
const [first, last] = [rows[0], rows.at(-1)];
console.log(
  `${count} pictures of ${height} × ${width}: MSE ${first?.mse?.toFixed(4)} to ${last?.mse?.toFixed(4)}`,
);

const codes = await model.encode(pictures);
pictures.names?.forEach((name, i) => {
  const code = Array.from(codes.data.subarray(4 * i, 4 * i + 4), (value) => value.toFixed(2));
  console.log(`${name}: ${code.join(' ')}`);
});
await model.release();
