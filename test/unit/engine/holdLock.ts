/** Child of processLock.test.ts: takes the lock named by its argument, says so, and keeps it until it is killed. */
import { withProcessLock } from '../../../src/engine/processLock.ts';

await withProcessLock(process.argv[2]!, {}, async () => {
  process.stdout.write('held\n');
  await new Promise(() => {
    setInterval(() => undefined, 1 << 30);
  });
});
