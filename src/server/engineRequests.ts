import { relative, sep } from 'node:path';
import packageManifest from '../../package.json' with { type: 'json' };
import { benchWorkspace } from '../engine/bench.ts';
import { openDatasets } from '../engine/dataset/datasets.ts';
import { syntheticKinds } from '../engine/dataset/syntheticName.ts';
import { examineMachine } from '../engine/doctor.ts';
import { UserError } from '../engine/errors.ts';
import { openLedger } from '../engine/ledger/ledgerWriter.ts';
import { ledgerPath } from '../engine/ledger/runSummary.ts';
import { logMeasurement } from '../engine/measurementLog.ts';
import { proposeManifest, writeProposal } from '../engine/module/init.ts';
import { openPolicy } from '../engine/openPolicy.ts';
import { optimize } from '../engine/optimizer.ts';
import { resumeRun } from '../engine/resumeRun.ts';
import { benchInputs, runInputs } from '../engine/runInputs.ts';
import { writeReport } from '../engine/writeReport.ts';
import type { PreparedDataset } from '../protocol/dataset.ts';
import type { RunOutcome } from '../protocol/engine.ts';
import { moduleNames } from '../protocol/module.ts';
import type { OptimizeReport } from '../protocol/optimize.ts';
import { jobModelAccess, modelHandlers } from './modelRequests.ts';
import { policyHandlers } from './policyRequests.ts';
import type { Handlers } from './requests.ts';
import type { Session } from './session.ts';
import { changeOf } from './views/change.ts';
import { curvesOf } from './views/curves.ts';
import { measured } from './views/measured.ts';
import { overviewOf } from './views/overview.ts';
import { runViews } from './views/runs.ts';

const benchSeed = 1;

/** What the server does for each engine request. */
export function engineHandlers(session: Session): Handlers {
  const { roots, jobs } = session;
  return {
    'annsmith/overview': async ({ root }) => {
      const known = roots.of(root);
      await session.reindex(known);
      return overviewOf(known);
    },
    'annsmith/init': async ({ root, preview = false }) => {
      const proposal = await proposeManifest(root, { syntax: await session.syntax() });
      const written = proposal.files.map(({ path }) => relative(root, path).split(sep).join('/'));
      if (preview) return { written };
      await writeProposal(proposal);
      await session.reindex(roots.of(root));
      return { written };
    },
    'annsmith/runs': async ({ root }) => runViews(root, await roots.of(root).ledger.records()),
    'annsmith/change': async ({ root, ...wanted }) =>
      changeOf(root, await roots.of(root).ledger.records(), wanted),
    'annsmith/curves': async ({ root }) => curvesOf(root, await roots.of(root).ledger.records()),
    ...datasetHandlers(session),
    ...runHandlers(session),
    ...modelHandlers(session),
    ...policyHandlers(session),
    'annsmith/doctor': () => examineMachine(jobs.services),
    'annsmith/signal': async ({ root, run, candidate, file, hunk, signal, survival }) => {
      const known = roots.of(root);
      const records = await known.ledger.records();
      if (!records.some((record) => record.type === 'run' && record.runId === run)) {
        throw new UserError('no-such-run', `there is no run ${run} in ${root}`, 'Refresh the list of runs.');
      }
      await openLedger(ledgerPath(root), jobs.services.clock).append({
        type: 'signal',
        runId: run,
        candidateId: candidate,
        file,
        hunk,
        signal,
        ...(survival === undefined ? {} : { survival }),
      });
      await session.reread(known);
      return null;
    },
    'annsmith/report': async ({ root, run }) => {
      const { clock } = jobs.services;
      const { out } = await writeReport({ root, run, version: packageManifest.version, clock });
      return { path: out };
    },
  };
}

function datasetHandlers(
  session: Session,
): Pick<Handlers, 'annsmith/datasets' | 'annsmith/getDataset' | 'annsmith/importDataset'> {
  const { jobs } = session;
  const told = ({ name, n, dim }: PreparedDataset): { name: string; n: number; dim: number } => {
    session.send({ kind: 'changed', what: 'datasets' });
    return { name, n, dim };
  };
  return {
    'annsmith/datasets': async () => ({
      datasets: await openDatasets({ services: jobs.services }).list(),
      synthetic: syntheticKinds,
    }),
    'annsmith/getDataset': ({ job, name }, token) =>
      jobs.run({ job, kind: 'other' }, token, async ({ services, signal }) =>
        told(await openDatasets({ services }).get(name, { signal })),
      ),
    'annsmith/importDataset': ({ job, queries, ...request }, token) =>
      jobs.run({ job, kind: 'other' }, token, async ({ services, signal }) =>
        told(
          await openDatasets({ services }).importVectors({
            ...request,
            ...(queries === undefined ? {} : { queries }),
            signal,
          }),
        ),
      ),
  };
}

function runHandlers(
  session: Session,
): Pick<Handlers, 'annsmith/optimize' | 'annsmith/resume' | 'annsmith/bench'> {
  const { jobs, roots } = session;
  const onRun = (job: string, root: string) => (run: string) => {
    session.send({ kind: 'run', job, root, run });
  };
  return {
    'annsmith/optimize': (
      { job, root, budgetMinutes, modules, datasets, policy, model, group, rounds, seed },
      token,
    ) =>
      jobs.run({ job, kind: 'measuring', root }, token, async (context) => {
        const { services, signal } = context;
        const [first, ...others] = moduleNames.filter((module) => modules.includes(module));
        if (first === undefined) throw new Error('no module was named');
        const syntax = await session.syntax();
        const inputs = await runInputs({ root, datasets, heldOut: [] }, { services, signal, syntax });
        const report = await optimize({
          services,
          signal,
          ...inputs,
          policy: openPolicy(policy, {
            ...jobModelAccess(session, model, context),
            syntax,
            root,
            manifest: inputs.workspace.manifest,
          }),
          modules: [first, ...others],
          aggregate: 'geomean',
          group,
          rounds,
          budgetSeconds: budgetMinutes === null ? undefined : budgetMinutes * 60,
          seed,
          apply: 'none',
          onRun: onRun(job, root),
        });
        return outcomeOf(report);
      }),
    'annsmith/resume': ({ job, root, run, model }, token) =>
      jobs.run({ job, kind: 'measuring', root }, token, async (context) => {
        const { services, signal } = context;
        const syntax = await session.syntax();
        const access = jobModelAccess(session, model, context);
        const request = { root, runId: run, access, onRun: onRun(job, root) };
        return outcomeOf(await resumeRun(request, { services, signal, syntax }));
      }),
    'annsmith/bench': ({ job, root, dataset, seconds }, token) =>
      jobs.run({ job, kind: 'measuring', root }, token, async ({ services, signal }) => {
        const syntax = await session.syntax();
        const inputs = await benchInputs(
          { root, dataset: dataset ?? undefined },
          { services, signal, syntax },
        );
        const request = { workspace: inputs.workspace, dataset: inputs.dataset };
        const { points, buildCpuSeconds } = await benchWorkspace({
          services,
          signal,
          ...request,
          seconds,
          seed: benchSeed,
        });
        await logMeasurement({ ...request, points, buildCpuSeconds }, services);
        await session.reread(roots.of(root));
        const at = new Date(services.clock.now()).toISOString();
        return measured(at, inputs.dataset.name, points, false);
      }),
  };
}

function outcomeOf({ run, best, speedup, seconds }: OptimizeReport): RunOutcome {
  return { run, gain: best?.gain ?? null, speedup, seconds };
}
