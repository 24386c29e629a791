/**
 * Takes `Float16Array` away from this process, where Node has it (from 24 on): ONNX Runtime's JavaScript makes one of
 * the bits of every FP16 tensor then, and its binding finds no bytes in it (microsoft/onnxruntime#32323, 1.30.0).
 * Without it FP16 is 16-bit integers there, as it is everywhere in our code.
 */
export function doWithoutHalfArrays(): void {
  Reflect.deleteProperty(globalThis, 'Float16Array');
}
