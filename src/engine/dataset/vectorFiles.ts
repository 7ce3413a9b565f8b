import { extname } from 'node:path';
import { openBin, readIbin } from './bin.ts';
import { openIdx } from './idx.ts';
import { openNpy } from './npy.ts';
import { openFvecs, readIvecs } from './vecs.ts';
import { malformed, type NeighbourSource, type VectorSource } from './vectorSource.ts';

/** The file's extension in lower case, a trailing `.gz` aside. */
function formatOf(path: string): string {
  const lower = path.toLowerCase();
  return extname(lower.endsWith('.gz') ? lower.slice(0, -3) : lower);
}

export function isHdf5(path: string): boolean {
  return ['.hdf5', '.h5'].includes(formatOf(path));
}

/** Opens a file of vectors by its extension; HDF5 files, which hold several arrays, have `withHdf5`. */
export async function openVectors(path: string): Promise<VectorSource> {
  const format = formatOf(path);
  if (format === '.fvecs') return openFvecs(path);
  if (format === '.npy') return openNpy(path);
  if (['.fbin', '.u8bin', '.i8bin'].includes(format)) return openBin(path, format);
  if (format === '.idx' || /idx\d-u?byte$/.test(format) || /idx\d-u?byte(\.gz)?$/.test(path))
    return openIdx(path);
  throw malformed(
    path,
    `the extension ${format || '(none)'} is not known`,
    'Use .npy, .fvecs, .fbin, .u8bin, .i8bin, .idx, .idx.gz or .hdf5.',
  );
}

/** Reads neighbour ids by the file's extension. */
export async function readNeighbours(path: string): Promise<NeighbourSource> {
  const format = formatOf(path);
  if (format === '.ivecs') return readIvecs(path);
  if (format === '.ibin' || format === '.bin') return readIbin(path);
  throw malformed(
    path,
    `the extension ${format || '(none)'} is not known`,
    'Use .ivecs or .ibin for neighbours.',
  );
}
