import { ortMessage } from '../../../../src/serving/worker/ort-message';

/** As ONNX Runtime 1.30.0 says it where there is a driver and no card. */
const NO_CARD =
  'std::conditional_t<THRW, void, onnxruntime::common::Status> onnxruntime::CudaCall(ERRTYPE, const char*, ' +
  'const char*, SUCCTYPE, const char*, const char*, int) [with ERRTYPE = cudaError; bool THRW = true; SUCCTYPE = ' +
  'cudaError; std::conditional_t<THRW, void, common::Status> = void] ';
const NO_CARD_PLACE =
  ' ; GPU=-1 ; hostname=vm ; file=/onnxruntime_src/onnxruntime/core/providers/cuda/cuda_execution_provider.cc ; ' +
  'line=352 ; expr=cudaSetDevice(info_.device_id); ';

test('a failure of CUDA is told without signatures, source paths and the name of the machine', () => {
  // The signature comes twice: once from whoever threw it, once inside of what was thrown.
  const said = `${NO_CARD}${NO_CARD}CUDA failure 100: no CUDA-capable device is detected${NO_CARD_PLACE}`;
  expect(ortMessage(new Error(said))).toBe('CUDA failure 100: no CUDA-capable device is detected');
});

test('what the runtime says around a failure of CUDA stays', () => {
  const said = `Non-zero status code returned while running Conv node. ${NO_CARD}CUDNN failure 3000: no${NO_CARD_PLACE}`;
  expect(ortMessage(said)).toBe(
    'Non-zero status code returned while running Conv node. CUDNN failure 3000: no',
  );
});
