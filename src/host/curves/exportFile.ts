import type { ExportFormat } from '../../protocol/curvesMessages.ts';

/** An export that is not what it says it is. */
export class UnfitExport extends Error {
  constructor(format: ExportFormat) {
    super(`what the benchmark view sent is no ${format.toUpperCase()} file`);
    this.name = 'UnfitExport';
  }
}

const pngSignature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** The bytes of an exported file, once they look like their format. */
export function exportBytes(format: ExportFormat, contents: string): Uint8Array {
  if (format === 'png') {
    const bytes = Buffer.from(contents, 'base64');
    if (!bytes.subarray(0, pngSignature.length).equals(pngSignature)) throw new UnfitExport(format);
    return bytes;
  }
  const head = format === 'svg' ? '<svg ' : 'kind,';
  if (!contents.startsWith(head)) throw new UnfitExport(format);
  return Buffer.from(contents, 'utf8');
}

/** A file name for the curves of a dataset; whatever the dataset is called, it names no folder. */
export function exportName(dataset: string, format: ExportFormat): string {
  const plain = dataset
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[.-]+/, '')
    .slice(0, 80);
  return `annsmith-curves${plain === '' ? '' : `-${plain}`}.${format}`;
}
