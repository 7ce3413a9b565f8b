/** The whole story with the playbook, to the measured gain; then runs that are cut off. */
import { expect, it } from 'vitest';
import { longStep, longWait, type Plot, tellStory } from './tellStory.ts';

/** Small enough for a run of seconds. */
const smallDataset = 'synthetic-clusters:n=4000,d=32,seed=1';
/** A row of a run on it that came to its end. */
const ended = /^done: Search · synthetic|^Search · synthetic.* no gain confirmed/;

const plot: Plot = {
  policy: 'playbook',
  pictures: '',
  begin: async () => ({
    settings: { 'annsmith.benchmarkOnSave': true, 'annsmith.benchmarkSeconds': 10 },
    end: async () => undefined,
  }),
};

tellStory('the story', plot, (window) => {
  it(
    'the new reference is benchmarked in the background, and the views show the gain',
    async () => {
      const { workbench } = window();
      await workbench.command('Problems: Focus on Problems View');
      await workbench.page
        .getByRole('treeitem', {
          name: /search: (?:faster|slower|no measurable change), [+-]\d+ % \(95 % interval/,
        })
        .first()
        .waitFor({ timeout: longWait });
      await workbench.row('Modules', /^Search [\d,]+ QPS at recall 0\.95(?!.*stale)/).waitFor();
      await window().picture('10-gain');
    },
    longStep,
  );

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
