import { existsSync } from 'node:fs';
import { join } from 'node:path';

const FILES = ['libvk_swiftshader.so', 'vk_swiftshader_icd.json', 'libvulkan.so.1'];

/** A folder with Vulkan on the processor, as .ci/webgpu.sh finds or makes one; undefined where there is none. */
const folder = [process.env.MODELGRAPH_SWIFTSHADER, '/usr/lib/chromium'].find(
  (candidate) => candidate && FILES.every((file) => existsSync(join(candidate, file))),
);

/** What a worker's environment needs so that WebGPU works without a GPU; undefined where it cannot. */
export const SWIFTSHADER: Readonly<Record<string, string>> | undefined = folder
  ? { LD_LIBRARY_PATH: folder, VK_ICD_FILENAMES: join(folder, 'vk_swiftshader_icd.json') }
  : undefined;
