import type { ReverseParamsOf } from '../../protocol/engine.ts';
import type { Localize } from '../localize.ts';

/** Files that a dialog names before it counts the rest. */
const mostFiles = 12;
/** What the endpoints of models that the editor offers begin with; the vendor follows. */
const editorModels = 'vscode.lm/';

/** The endpoint of a vendor's models, as the server names it: leave to send code is given to each vendor alone. */
export function editorEndpoint(vendor: string): string {
  return `${editorModels}${vendor}`;
}

/** Where code would go, in words. */
export function placeText(endpoint: string, l10n: Localize): string {
  return endpoint.startsWith(editorModels)
    ? l10n.t('the language models of {0} in the editor', endpoint.slice(editorModels.length))
    : endpoint;
}

/** The question before code leaves the machine: the endpoint, the model and every file. */
export function consentQuestion(
  { endpoint, model, files }: Omit<ReverseParamsOf<'annsmith/consent'>, 'root'>,
  l10n: Localize,
): { readonly message: string; readonly detail: string } {
  const place = placeText(endpoint, l10n);
  const message =
    files.length === 1
      ? l10n.t('Send code of 1 file to {0}?', place)
      : l10n.t('Send code of {0} files to {1}?', files.length, place);
  const named = files.slice(0, mostFiles);
  const rest = files.length - named.length;
  const list = [...named, ...(rest > 0 ? [l10n.t('and {0} more', rest)] : [])].map((file) => `  ${file}`);
  const detail = [
    l10n.t('Model: {0}', model),
    `${l10n.t('Files:')}\n${list.join('\n')}`,
    l10n.t(
      'The prompt also holds measurements and earlier candidates of this code; keys and paths of this machine are taken out.',
    ),
    l10n.t(
      'You are asked once for this folder and endpoint, whatever module is optimized. "Annsmith: Forget Consent to Send Code" takes it back.',
    ),
  ].join('\n\n');
  return { message, detail };
}
