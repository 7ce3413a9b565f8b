// The Node addon: exact kNN and facts about the processor. Loaded by src/engine/native.ts alone.
#include <napi.h>

#include "addon/exact_knn_worker.h"
#include "core/cpu_info.h"

namespace annsmith {
namespace {

Napi::Value CpuInfoObject(const Napi::CallbackInfo& info) {
  const CpuInfo cpu = ReadCpuInfo();
  Napi::Array isa = Napi::Array::New(info.Env(), cpu.isa.size());
  for (uint32_t i = 0; i < cpu.isa.size(); ++i) isa.Set(i, cpu.isa[i]);
  Napi::Object object = Napi::Object::New(info.Env());
  object.Set("model", cpu.model);
  object.Set("cores", static_cast<double>(cpu.cores));
  object.Set("isa", isa);
  object.Set("llcBytes", static_cast<double>(cpu.llc_bytes));
  return object;
}

Napi::Object Initialise(Napi::Env env, Napi::Object exports) {
  exports.Set("exactKnn", Napi::Function::New(env, StartExactKnn, "exactKnn"));
  exports.Set("cpuInfo", Napi::Function::New(env, CpuInfoObject, "cpuInfo"));
  return exports;
}

NODE_API_MODULE(annsmith, Initialise)

}  // namespace
}  // namespace annsmith
