/** What the ledger says wrote completions that came over HTTP and name no policy. */
export const externalPolicy = { id: 'external', version: '1' } as const;
