mock_provider "aws" {}

# The key is one of OpenSSL's, its modulus what PyJWT makes of it.
variables {
  token_keys = {
    id             = "generation-1"
    public_key_pem = <<-PEM
      -----BEGIN PUBLIC KEY-----
      MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA53Hz7wlgpO8K9J7S5tUg
      R9DbHDH1GDb9GQhJWGK3LaJIDj82c38rtAAPVVQg7k2OgjKmzJq7V7lliVyTqoSW
      eefQMP/bFauffHv5sJAcVXO/qI2xEvo5fClk/6mjScLLkbdaQHeup8MbH+e/pe/E
      EJiISGA1fk1H1Ls4uaqm7FKUGkeyHzLH5tyFybWx392AT5l+YbokRABIDZ/JeANL
      D7TypbEeKyc7W1KvjtlzKOkVGzHyustE+OnuRcpEWLkYM9JbAmStI1Cr1W5fb+9w
      YLDk5ZiaxMZcwaLFAAQ57TVdj3ESnly2iwseXjuZZPnkcDdmR5hAcNXdtA6MBjfc
      lwIDAQAB
      -----END PUBLIC KEY-----
    PEM
  }
  prefix        = "ecom/dev"
  account_id    = "111111111111"
  region        = "eu-central-1"
  services      = ["gateway", "orders"]
  values        = { gateway = { ECOM_SECRET_KEY = "a" }, orders = { ECOM_SECRET_KEY = "b" } }
  verifiers     = ["gateway"]
  generation    = 3
  kms_key_arn   = "arn:aws:kms:eu-central-1:111111111111:key/1"
  recovery_days = 7
}

run "one_encrypted_secret_a_service_whose_value_is_in_no_state" {
  command = plan

  assert {
    condition     = toset([for secret in aws_secretsmanager_secret.this : secret.name]) == toset(["ecom/dev/gateway", "ecom/dev/orders"])
    error_message = "Names are prefix and service."
  }
  assert {
    condition     = output.arns["gateway"] == "arn:aws:secretsmanager:eu-central-1:111111111111:secret:ecom/dev/gateway-??????"
    error_message = "A policy names one secret, by AWS's own suffix."
  }
  assert {
    condition     = alltrue([for secret in aws_secretsmanager_secret.this : secret.kms_key_id == var.kms_key_arn])
    error_message = "Secrets are under the environment's key."
  }
  assert {
    condition     = alltrue([for version in aws_secretsmanager_secret_version.this : version.secret_string == null && version.secret_string_wo_version == 3])
    error_message = "Values are written, and not kept."
  }
}

run "the_key_set_is_the_keys" {
  command = plan

  assert {
    condition = jsonencode(local.key_set) == jsonencode({
      keys = [{
        kty = "RSA", use = "sig", alg = "RS256", kid = "generation-1", e = "AQAB"
        n   = "53Hz7wlgpO8K9J7S5tUgR9DbHDH1GDb9GQhJWGK3LaJIDj82c38rtAAPVVQg7k2OgjKmzJq7V7lliVyTqoSWeefQMP_bFauffHv5sJAcVXO_qI2xEvo5fClk_6mjScLLkbdaQHeup8MbH-e_pe_EEJiISGA1fk1H1Ls4uaqm7FKUGkeyHzLH5tyFybWx392AT5l-YbokRABIDZ_JeANLD7TypbEeKyc7W1KvjtlzKOkVGzHyustE-OnuRcpEWLkYM9JbAmStI1Cr1W5fb-9wYLDk5ZiaxMZcwaLFAAQ57TVdj3ESnly2iwseXjuZZPnkcDdmR5hAcNXdtA6MBjfclw"
      }]
    })
    error_message = "Key type, use and modulus are those of the key."
  }
}
