# A public RSA key as a JSON Web Key (RFC 7517). Of a key of 2048 bits with the exponent 65537 the DER form is of one
# length: 33 bytes, 256 bytes of modulus, 5 bytes of exponent. 33 bytes are 44 characters of base64, so the modulus
# begins at one; its last character holds 2 bits of it and 4 zero bits, as the next byte is 2.
locals {
  base64  = replace(replace(replace(var.token_keys.public_key_pem, "-----BEGIN PUBLIC KEY-----", ""), "-----END PUBLIC KEY-----", ""), "/\\s/", "")
  modulus = replace(replace(replace(substr(local.base64, 44, 342), "+", "-"), "/", "_"), "=", "")
  key_set = { keys = [{ kty = "RSA", use = "sig", alg = "RS256", kid = var.token_keys.id, n = local.modulus, e = "AQAB" }] }
}
