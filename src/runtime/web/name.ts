/** The homes of ONNX Runtime in a browser: WebAssembly on the CPU, or WebGPU. */
export type WebBackendName = 'wasm' | 'webgpu';
