// ONNX Runtime's library can record usage events, and keeps an identifier of the device in the user's cache folder.
// Whoever trains an autoencoder has not asked for that: it is off, unless the user's environment says otherwise.
// This must be evaluated before the library is loaded, so it is imported first.
process.env.ORT_DISABLE_TELEMETRY ??= '1';
