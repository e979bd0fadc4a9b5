// Builds and runs a program of examples/: `npm run example -- vae 1`.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const [name = 'autoencoder', ...rest] = process.argv.slice(2);
const options = { cwd: root, stdio: 'inherit' };
const built = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'examples'], options);
if (built.status !== 0) process.exit(built.status ?? 1);
process.exit(spawnSync(process.execPath, [`build/examples/${name}.js`, ...rest], options).status ?? 1);
