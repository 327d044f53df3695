/** Gossip mesh by the number of members online (NT25). Pure. */

/** How many neighbours a topic's mesh has, and whether own messages go to every subscriber. */
export interface MeshProfile {
  readonly D: number
  readonly Dlo: number
  readonly Dhi: number
  readonly Dout: number
  readonly Dscore: number
  /** Largest own message sent to all subscribers rather than to the mesh, in bytes; 0 for none. */
  readonly floodBytesMax: number
}

const SMALL: MeshProfile = {
  D: 4,
  Dlo: 3,
  Dhi: 6,
  Dout: 1,
  Dscore: 3,
  floodBytesMax: Number.MAX_SAFE_INTEGER
}
const MIDDLE: MeshProfile = { D: 5, Dlo: 3, Dhi: 8, Dout: 1, Dscore: 3, floodBytesMax: 4_096 }
const LARGE: MeshProfile = { D: 6, Dlo: 4, Dhi: 9, Dout: 2, Dscore: 4, floodBytesMax: 0 }

/** Up to 8 online an author reaches everyone; the mesh is for whom it does not. Beyond, copies cost more than a hop. */
export function meshProfile(online: number): MeshProfile {
  return online <= 8 ? SMALL : online <= 50 ? MIDDLE : LARGE
}
