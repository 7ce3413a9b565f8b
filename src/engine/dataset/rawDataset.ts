import type { NeighbourSource, VectorSource } from './vectorSource.ts';

/** Vectors as a source holds them, before they are made canonical. */
export interface RawDataset {
  readonly base: VectorSource;
  readonly queries?: VectorSource | undefined;
  readonly neighbours?: NeighbourSource | undefined;
}
