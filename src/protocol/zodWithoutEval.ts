/**
 * Imported for its effect, before any schema is made, by a page whose policy forbids `eval`: zod then does not try to
 * compile its checks, which the policy would report.
 */
import * as z from 'zod';

z.config({ jitless: true });
