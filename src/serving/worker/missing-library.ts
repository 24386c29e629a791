import { dirname, join } from 'node:path';

/**
 * Which library a provider lacks, in the words of the system's loader: the runtime says only that the provider did not
 * load. Undefined where that is not the reason, and on systems whose loader has other words.
 */
export function missingLibrary(provider: string): string | undefined {
  // The first is what every provider outside of the runtime leans on.
  return refusal('libonnxruntime_providers_shared.so') ?? refusal(`libonnxruntime_providers_${provider}.so`);
}

function refusal(library: string): string | undefined {
  try {
    process.dlopen({ exports: {} }, join(runtimeFolder(), library));
  } catch (error) {
    // Node also throws where the library does load, since it is no extension of Node's.
    const words = error instanceof Error ? error.message : '';
    return /[^/]+: cannot open shared object file: .*/.exec(words)?.[0];
  }
  return undefined;
}

/** Where the runtime looks for providers: beside itself. */
function runtimeFolder(): string {
  const { platform, arch } = process;
  return dirname(
    require.resolve(`onnxruntime-node/bin/napi-v6/${platform}/${arch}/onnxruntime_binding.node`),
  );
}
