/**
 * Asked of a log that began with a snapshot: what only the operations before it can answer (AU59). Thrown and caught
 * inside this layer: whoever asked is told to wait until they have been replayed.
 */
export class HistoryNeeded extends Error {
  constructor() {
    super('the operations before the snapshot are needed')
    this.name = 'HistoryNeeded'
  }
}
