// An identity provider that others wrote: panva's oidc-provider, certified by the OpenID Foundation.
//
//   node tests/certified_provider.mjs REDIRECT_URI
//
// It listens on loopback, prints its issuer, and knows whoever types a name in as what that name says: webhook-ops is in
// the group of that name. As is its way, the id_token says who somebody is, and only its userinfo endpoint the rest.
import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import { Provider } from "../console/node_modules/oidc-provider/lib/index.js";

const [redirectUri] = process.argv.slice(2);
const secret = "s3cr:t of the console, 100%+";

function key(type, options) {
  return { ...generateKeyPairSync(type, options).privateKey.export({ format: "jwk" }), use: "sig" };
}

function client(client_id, more) {
  return {
    client_id,
    client_secret: secret,
    redirect_uris: [redirectUri],
    grant_types: ["authorization_code"],
    response_types: ["code"],
    ...more,
  };
}

const server = createServer();
server.listen(0, "127.0.0.1", () => {
  // To a browser another site than a console at 127.0.0.1.
  const issuer = `http://localhost:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [
      client("RS256"),
      ...["PS256", "ES256", "EdDSA"].map((alg) => client(alg, { id_token_signed_response_alg: alg })),
      client("public", { client_secret: undefined, token_endpoint_auth_method: "none" }),
    ],
    jwks: { keys: [key("rsa", { modulusLength: 2048 }), key("ec", { namedCurve: "P-256" }), key("ed25519")] },
    enabledJWA: { idTokenSigningAlgValues: ["RS256", "PS256", "ES256", "EdDSA"] },
    claims: { openid: ["sub"], email: ["email", "email_verified"], groups: ["groups"] },
    findAccount: (_, name) => ({
      accountId: name,
      claims: () => ({ sub: name, email: `${name}@example.com`, email_verified: true, groups: [name] }),
    }),
    features: { devInteractions: { enabled: true } },
  });
  server.on("request", provider.callback());
  console.log(issuer);
});
