# What each service is told in secret, by its row of ecom/services.py. Made here, written once, in no state; later
# changes are the operators' (docs/runbooks/change-the-token-keys.md) until `secrets_generation` is raised.
ephemeral "random_password" "kafka" {
  length  = 48
  special = false
}

ephemeral "random_password" "database" {
  for_each = local.contexts

  length  = 48
  special = false
}

ephemeral "random_password" "visitor" {
  length  = 64
  special = false
}

ephemeral "random_password" "django" {
  for_each = local.services

  length  = 64
  special = false
}

ephemeral "random_password" "account" {
  for_each = toset(["orders", "product-import"])

  length  = 64
  special = false
}

ephemeral "tls_private_key" "tokens" {
  algorithm = "RSA"
  rsa_bits  = 2048
}

locals {
  token_key_id = "generation-${var.secrets_generation}"

  # Databases that a service opens: rows of ecom/services.py.
  databases = {
    gateway          = []
    gateway-stream   = []
    customers        = ["customers"]
    catalog          = ["catalog"]
    orders           = ["orders"]
    activity         = []
    backoffice       = ["customers", "catalog", "orders"]
    customers-worker = ["customers"]
    catalog-worker   = ["catalog"]
    orders-worker    = ["orders"]
    beat             = []
  }
  services     = toset(keys(local.databases))
  signs_tokens = toset(["customers"])
  signs_in     = toset(["orders", "orders-worker"])

  dsn = {
    for context in local.contexts :
    context => "postgresql://${context}:${ephemeral.random_password.database[context].result}@${module.postgres.address}:5432/${context}"
  }

  secrets = merge(
    {
      for service in local.services : service => merge(
        {
          ECOM_SECRET_KEY  = ephemeral.random_password.django[service].result
          ECOM_VISITOR_KEY = ephemeral.random_password.visitor.result
        },
        { for context in local.databases[service] : "ECOM_${upper(context)}_DSN" => local.dsn[context] },
        !contains(local.signs_tokens, service) ? {} : {
          ECOM_TOKEN_SIGNING_KEY    = ephemeral.tls_private_key.tokens.private_key_pem
          ECOM_TOKEN_SIGNING_KEY_ID = local.token_key_id
        },
        !contains(local.signs_in, service) ? {} : {
          ECOM_SERVICE_CLIENT_ID     = "orders"
          ECOM_SERVICE_CLIENT_SECRET = ephemeral.random_password.account["orders"].result
        },
        service != "customers-worker" ? {} : { ECOM_MAIL_URL = var.mail_url },
      )
    },
    {
      import-lambda = {
        client_id     = "product-import"
        client_secret = ephemeral.random_password.account["product-import"].result
      }
      # The company's own, which operators put here: Grafana's account at the sign-in, and where alerts go.
      monitoring = {
        for name in ["OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "PAGERDUTY_ROUTING_KEY", "SLACK_WEBHOOK_URL"] :
        name => "set-by-operators"
      }
      # Likewise, where Argo CD's notifications go.
      notifications = { OPERATIONS_WEBHOOK = "set-by-operators" }
    },
  )
}

module "service_secrets" {
  source = "../../modules/service-secrets"

  prefix        = "ecom/${var.environment.name}"
  account_id    = var.environment.aws_account_id
  region        = var.environment.aws_region
  services      = setunion(local.services, ["import-lambda", "monitoring", "notifications"])
  verifiers     = local.services
  token_keys    = { id = local.token_key_id, public_key_pem = ephemeral.tls_private_key.tokens.public_key_pem }
  values        = local.secrets
  generation    = var.secrets_generation
  kms_key_arn   = var.kms_key_arn
  recovery_days = var.deletion_protection ? 7 : 0
}
