/** Everything that must be true of every bus, whatever stands behind it: for the tests of adapters. */
import { deliveryClaims } from "./conformance-delivery.ts"
import type { Claim } from "./conformance-kit.ts"
import { payloadClaims } from "./conformance-payloads.ts"
import { requestClaims } from "./conformance-requests.ts"

export const busClaims: ReadonlyArray<Claim> = [...deliveryClaims, ...payloadClaims, ...requestClaims]
