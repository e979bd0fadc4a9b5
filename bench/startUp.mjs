// From the start of the process to the end of the first training step: prints seconds.
import { autoencoder, mnist } from 'autoencoder';

const { data } = await mnist('train');
const model = autoencoder({ input: 784, latent: 256, latentActivation: 'relu' });
await model.fit({ data: data.subarray(0, 32 * 784), shape: [32, 784] }, { epochs: 1, batchSize: 32 });
console.log(performance.now() / 1000);
