import { UserError } from '../../errors.js';
import type { WebBackendName } from './name.js';

/** onnxruntime-web; its entry points have the same interface. */
export type Ort = typeof import('onnxruntime-web/wasm');

/** Each home has its own entry point, so that a page loads no WebAssembly that it does not use. */
const entryPoints: Readonly<Record<WebBackendName, () => Promise<Ort>>> = {
  wasm: () => import('onnxruntime-web/wasm'),
  webgpu: () => import('onnxruntime-web/webgpu'),
};

/** The parts of WebGPU that are used here; TypeScript's libraries do not know them in every version. */
interface WebGpu {
  requestAdapter(): Promise<object | null>;
}

/**
 * Loads onnxruntime-web for a home. It is an optional dependency of this package, so it is asked for only here.
 * @throws {UserError} when it is not installed, or the browser offers no WebGPU
 */
export async function loadOrt(name: WebBackendName): Promise<Ort> {
  if (name === 'webgpu') await requireWebGpu();
  try {
    return await entryPoints[name]();
  } catch (cause) {
    throw new UserError(
      `the module 'onnxruntime-web/${name}' could not be loaded. Install it (npm install onnxruntime-web@1.30.0), ` +
        'and let your bundler, or an import map in the page, say where it is',
      { cause },
    );
  }
}

async function requireWebGpu(): Promise<void> {
  const gpu = (globalThis.navigator as { gpu?: WebGpu } | undefined)?.gpu;
  if ((await gpu?.requestAdapter()) != null) return;
  const because = gpu === undefined ? 'has no WebGPU, or the page was not loaded over https' : 'finds no GPU';
  throw new UserError(`backend 'webgpu': this browser ${because}; use backend: 'wasm'`);
}
