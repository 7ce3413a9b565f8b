#ifndef ANNSMITH_HARNESS_CALL_NUMBERS_H_
#define ANNSMITH_HARNESS_CALL_NUMBERS_H_

namespace annsmith::harness {

// System calls since Linux 5.3 have one number on every architecture; older headers lack them.
constexpr long kClone3 = 435;
constexpr long kCloseRange = 436;
constexpr long kOpenat2 = 437;
constexpr long kFaccessat2 = 439;

}  // namespace annsmith::harness

#endif  // ANNSMITH_HARNESS_CALL_NUMBERS_H_
