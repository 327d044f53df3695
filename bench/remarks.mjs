/** Why a target is missed, as far as it was found out; shown only while it is. By benchmark and figure. */
export const REMARKS = {}
