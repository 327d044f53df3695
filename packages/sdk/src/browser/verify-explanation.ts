/** `verifyExplanation` for browsers. */
import { XcordError } from '@xcord/core'
import { createSuite } from './create-client.ts'
import { type Explanation, explanationFromJson, narrate, verifyProof } from '@xcord/core/verifier'
import type { VerifiedJson } from '../explain-types.ts'

/**
 * Verifies a saved explanation without profile, peer or network: hashes, signatures and certificates of its operations
 * are checked, and each step is derived again from them.
 *
 * @param json - What `JSON.stringify` of an explanation gave, parsed. May be anybody's.
 * @returns What it shows. XCORD_PROOF_INVALID where something of it is not so.
 *
 * @example
 * const { allowed, told } = await verifyExplanation(JSON.parse(readFileSync('why.json', 'utf8')))
 */
export async function verifyExplanation(json: unknown): Promise<VerifiedJson> {
  const verdict = verifyProof(await createSuite(), json)
  if (!verdict.ok)
    throw new XcordError('XCORD_PROOF_INVALID', `This explanation is not true: ${verdict.reason}.`, {
      rule: verdict.rule,
      reason: verdict.reason
    })
  const explanation = explanationFromJson(json) as Explanation
  const { server, allowed, code } = explanation
  return { server, allowed, code, completeness: verdict.value, told: narrate(explanation) }
}
