# One subnet without public addresses. Google's APIs are reached privately, everything else through NAT.
resource "google_compute_network" "this" {
  project                 = var.project
  name                    = var.name
  auto_create_subnetworks = false
  routing_mode            = "REGIONAL"
}

resource "google_compute_subnetwork" "this" {
  project                  = var.project
  name                     = "${var.name}-flink"
  region                   = var.region
  network                  = google_compute_network.this.id
  ip_cidr_range            = var.cidr
  private_ip_google_access = true

  log_config {
    aggregation_interval = "INTERVAL_10_MIN"
    flow_sampling        = 0.1
    metadata             = "INCLUDE_ALL_METADATA"
  }
}

resource "google_compute_router" "this" {
  project = var.project
  name    = "${var.name}-nat"
  region  = var.region
  network = google_compute_network.this.id
}

resource "google_compute_router_nat" "this" {
  project                            = var.project
  name                               = var.name
  region                             = var.region
  router                             = google_compute_router.this.name
  nat_ip_allocate_option             = "AUTO_ONLY"
  source_subnetwork_ip_ranges_to_nat = "LIST_OF_SUBNETWORKS"

  subnetwork {
    name                    = google_compute_subnetwork.this.id
    source_ip_ranges_to_nat = ["ALL_IP_RANGES"]
  }

  log_config {
    enable = true
    filter = "ERRORS_ONLY"
  }
}

# Dataproc's nodes speak to each other on ports that YARN and Flink choose.
resource "google_compute_firewall" "among_nodes" {
  project                 = var.project
  name                    = "${var.name}-flink-nodes"
  description             = "Nodes of the Flink cluster among themselves"
  network                 = google_compute_network.this.id
  direction               = "INGRESS"
  source_service_accounts = [var.nodes_service_account]
  target_service_accounts = [var.nodes_service_account]

  allow {
    protocol = "tcp"
  }

  allow {
    protocol = "udp"
  }

  allow {
    protocol = "icmp"
  }
}

# From the shop's cluster over the private link: the job's command line asks Flink's REST API (8081, and 8088 by way of
# YARN), Prometheus scrapes Flink.
resource "google_compute_firewall" "from_aws" {
  project                 = var.project
  name                    = "${var.name}-from-aws"
  description             = "Prometheus and the job's command line, from the private subnets in AWS"
  network                 = google_compute_network.this.id
  direction               = "INGRESS"
  source_ranges           = [var.aws_cidr]
  target_service_accounts = [var.nodes_service_account]

  allow {
    protocol = "tcp"
    ports    = ["8081", "8088", "9250-9260"]
  }
}

# AWS asks for the machines' names at an entry point in the subnet, whose address Cloud DNS chooses when there is this policy.
# A network has one policy at most; it goes before the subnet, where the entry point is.
resource "google_dns_policy" "this" {
  project                   = var.project
  name                      = var.name
  description               = "Names of the machines, for the network in AWS"
  enable_inbound_forwarding = true

  networks {
    network_url = google_compute_network.this.id
  }

  depends_on = [google_compute_subnetwork.this]
}

# Google's end of the tunnels to AWS; it has its addresses before there is a tunnel.
resource "google_compute_ha_vpn_gateway" "this" {
  project = var.project
  name    = "${var.name}-aws"
  region  = var.region
  network = google_compute_network.this.id
}
