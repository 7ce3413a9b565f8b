/** Every id that package.json contributes or a `when` clause names; a test compares the two, both ways. */

export const commands = {
  optimizeModule: 'annsmith.optimizeModule',
  optimizeSelectedModule: 'annsmith.optimizeSelectedModule',
  cancelRun: 'annsmith.cancelRun',
  resumeRun: 'annsmith.resumeRun',
  benchmark: 'annsmith.benchmark',
  initWorkspace: 'annsmith.initWorkspace',
  doctor: 'annsmith.doctor',
  buildNative: 'annsmith.buildNative',
  showCurves: 'annsmith.showCurves',
  openReport: 'annsmith.openReport',
  showLog: 'annsmith.showLog',
  restartServer: 'annsmith.restartServer',
  refresh: 'annsmith.refresh',
  getDataset: 'annsmith.getDataset',
  cancelDataset: 'annsmith.cancelDataset',
  importDataset: 'annsmith.importDataset',
  selectDataset: 'annsmith.selectDataset',
  goToRegion: 'annsmith.goToRegion',
  copyProgram: 'annsmith.copyProgram',
  showReasoning: 'annsmith.showReasoning',
  choosePolicy: 'annsmith.choosePolicy',
  setModelKey: 'annsmith.setModelKey',
  removeModelKey: 'annsmith.removeModelKey',
  testModel: 'annsmith.testModel',
  previewPrompt: 'annsmith.previewPrompt',
  forgetConsent: 'annsmith.forgetConsent',
  runGrpoRound: 'annsmith.runGrpoRound',
  showRounds: 'annsmith.showRounds',
  promoteVersion: 'annsmith.promoteVersion',
  rollBackVersion: 'annsmith.rollBackVersion',
  reviewCandidate: 'annsmith.reviewCandidate',
  openDiff: 'annsmith.openDiff',
  acceptHunk: 'annsmith.acceptHunk',
  rejectHunk: 'annsmith.rejectHunk',
  acceptAll: 'annsmith.acceptAllHunks',
  rejectAll: 'annsmith.rejectAllHunks',
  nextHunk: 'annsmith.nextHunk',
  previousHunk: 'annsmith.previousHunk',
} as const;

export const settingsSection = 'annsmith';

export const settings = {
  dataset: 'annsmith.dataset',
  policy: 'annsmith.policy',
  groupSize: 'annsmith.groupSize',
  rounds: 'annsmith.rounds',
  budgetMinutes: 'annsmith.budgetMinutes',
  codeLens: 'annsmith.codeLens.enabled',
  benchmarkOnSave: 'annsmith.benchmarkOnSave',
  benchmarkSeconds: 'annsmith.benchmarkSeconds',
  compiler: 'annsmith.compiler',
  cacheFolder: 'annsmith.cacheFolder',
  trace: 'annsmith.trace.server',
  modelBaseUrl: 'annsmith.model.baseUrl',
  modelHeaders: 'annsmith.model.headers',
  modelTemperature: 'annsmith.model.temperature',
  modelMaxTokens: 'annsmith.model.maxTokens',
  modelPromptTokens: 'annsmith.model.promptTokens',
  modelTokenBudget: 'annsmith.model.tokenBudget',
  modelCostBudget: 'annsmith.model.costBudget',
  modelPricePerMillion: 'annsmith.model.pricePerMillion',
} as const;

export const views = {
  container: 'annsmith',
  modules: 'annsmith.modules',
  candidates: 'annsmith.candidates',
  datasets: 'annsmith.datasets',
  policy: 'annsmith.policy',
} as const;

/** Context keys, set with `setContext`. */
export const contextKeys = {
  /** `ready`, `broken`, `recognised`, `other`: the best state of any folder; unset before it is known. */
  workspace: 'annsmith.workspace',
  /** A run is going on in this window. */
  running: 'annsmith.running',
  /** The engine server: `starting`, `running`, `stopped`. */
  server: 'annsmith.server',
  /** Pending hunks in some file. */
  reviewing: 'annsmith.reviewing',
  /** The cursor of the active editor is on a pending hunk. */
  onHunk: 'annsmith.onHunk',
  /** The active editor's file holds regions of a module. */
  fileHasModule: 'annsmith.fileHasModule',
} as const;

export const taskType = 'annsmith';
export const curvesPanelType = 'annsmith.curves';
export const roundsPanelType = 'annsmith.rounds';
export const walkthrough = 'annsmith.start';
export const problemMatcher = 'annsmith-compiler';

/** `contextValue` of tree items, which menus are bound to. */
export const itemKinds = {
  module: 'annsmith.module',
  region: 'annsmith.region',
  runDone: 'annsmith.run.done',
  /** Done without a confirmed gain: there is nothing to review. */
  runEmpty: 'annsmith.run.empty',
  runActive: 'annsmith.run.active',
  /** Cancelled, failed or cut off: it can be resumed. */
  runResumable: 'annsmith.run.resumable',
  group: 'annsmith.group',
  candidate: 'annsmith.candidate',
  /** Has no patch to look at. */
  candidateEmpty: 'annsmith.candidate.empty',
  /** Of runs with language models: what the model thought can be read. */
  candidateModel: 'annsmith.candidate.model',
  datasetReady: 'annsmith.dataset.ready',
  datasetAbsent: 'annsmith.dataset.absent',
  /** Being fetched or imported. */
  datasetBusy: 'annsmith.dataset.busy',
  /** A language model in use. */
  policyModel: 'annsmith.policy.model',
  policyKey: 'annsmith.policy.key',
  /** Code may be sent. */
  policyConsent: 'annsmith.policy.consent',
  /** The lineage of the built-in policy. */
  policyVersions: 'annsmith.policy.versions',
  /** A version that could sample. */
  policyVersion: 'annsmith.policy.version',
  policyRounds: 'annsmith.policy.rounds',
} as const;
