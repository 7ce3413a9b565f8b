/** The whole story with the playbook; then runs that are cut off. */
import { expect, it } from 'vitest';
import { longStep, longWait, tellStory } from './tellStory.ts';

/** Small enough for a run of seconds. */
const smallDataset = 'synthetic-clusters:n=4000,d=32,seed=1';
/** A row of a run on it that came to its end. */
const ended = /^done: Search · synthetic|^Search · synthetic.* no gain confirmed/;

tellStory('the story', { policy: 'playbook', pictures: '' }, (window) => {
  it(
    'a run whose server is killed says so, and resuming finishes it',
    async () => {
      const { workbench } = window();
      await workbench.optimize('search.h', smallDataset, 'playbook');
      await workbench.openRow('Candidates', /^Search · synthetic.* running/).waitFor({ timeout: longWait });
      await workbench
        .row('Candidates', /pending: /)
        .first()
        .waitFor({ timeout: longWait });
      const [server] = window().processes('server.mjs');
      process.kill(server!.pid, 'SIGKILL');
      await workbench.notification(/was interrupted/).waitFor();
      await workbench.row('Candidates', /^Search · synthetic.* cut off/).waitFor();
      await window().picture('11-killed');
      await workbench
        .notification(/was interrupted/)
        .getByRole('button', { name: 'Resume' })
        .click();
      await workbench.row('Candidates', ended).waitFor({ timeout: longWait });
      await window().picture('12-resumed');
    },
    longStep,
  );

  it(
    'a run in a window that is reloaded goes on, or is resumed, to its end',
    async () => {
      const { workbench } = window();
      await workbench.command('Notifications: Clear All Notifications');
      await workbench.optimize('search.h', smallDataset, 'playbook');
      await workbench.openRow('Candidates', /^Search · synthetic.* running/).waitFor({ timeout: longWait });
      await workbench
        .row('Candidates', /pending: /)
        .first()
        .waitFor({ timeout: longWait });
      await workbench.page.reload();
      const resume = workbench.notification(/was interrupted/).getByRole('button', { name: 'Resume' });
      await resume.waitFor({ timeout: longWait });
      await window().picture('13-reloaded');
      await resume.click();
      await expect
        .poll(() => workbench.row('Candidates', ended).count(), {
          timeout: longWait,
        })
        .toBe(2);
    },
    longStep,
  );
});
