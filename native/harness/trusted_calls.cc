#include "harness/trusted_calls.h"

// Raw clone skips the C library's fork handlers. That is sound here: the host has one thread, so no
// lock is held by another, and the child keeps to one thread as well.
#if defined(__x86_64__)
asm(R"(
.text
.p2align 4
.globl annsmith_clone_sibling
.hidden annsmith_clone_sibling
.type annsmith_clone_sibling, @function
annsmith_clone_sibling:
  movl $56, %eax
  movl $0x8011, %edi
  xorl %esi, %esi
  xorl %edx, %edx
  xorl %r10d, %r10d
  xorl %r8d, %r8d
  syscall
.globl annsmith_clone_sibling_return
.hidden annsmith_clone_sibling_return
annsmith_clone_sibling_return:
  ret
.size annsmith_clone_sibling, .-annsmith_clone_sibling

.p2align 4
.globl annsmith_trusted_call
.hidden annsmith_trusted_call
.type annsmith_trusted_call, @function
annsmith_trusted_call:
  movq %rdi, %rax
  movq %rsi, %rdi
  movq %rdx, %rsi
  movq %rcx, %rdx
  movq %r8, %r10
  movq %r9, %r8
  movq 8(%rsp), %r9
  syscall
.globl annsmith_trusted_call_return
.hidden annsmith_trusted_call_return
annsmith_trusted_call_return:
  ret
.size annsmith_trusted_call, .-annsmith_trusted_call
)");
#elif defined(__aarch64__)
asm(R"(
.text
.p2align 4
.globl annsmith_clone_sibling
.hidden annsmith_clone_sibling
.type annsmith_clone_sibling, %function
annsmith_clone_sibling:
  mov x8, #220
  mov x0, #0x8011
  mov x1, xzr
  mov x2, xzr
  mov x3, xzr
  mov x4, xzr
  svc #0
.globl annsmith_clone_sibling_return
.hidden annsmith_clone_sibling_return
annsmith_clone_sibling_return:
  ret
.size annsmith_clone_sibling, .-annsmith_clone_sibling

.p2align 4
.globl annsmith_trusted_call
.hidden annsmith_trusted_call
.type annsmith_trusted_call, %function
annsmith_trusted_call:
  mov x8, x0
  mov x0, x1
  mov x1, x2
  mov x2, x3
  mov x3, x4
  mov x4, x5
  mov x5, x6
  svc #0
.globl annsmith_trusted_call_return
.hidden annsmith_trusted_call_return
annsmith_trusted_call_return:
  ret
.size annsmith_trusted_call, .-annsmith_trusted_call
)");
#else
#error "the harness knows x86-64 and AArch64"
#endif
