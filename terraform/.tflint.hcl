# tflint's own rules, all of them but those below.
plugin "terraform" {
  enabled = true
  preset  = "all"
}

# A module is laid out by what it is about; inputs, outputs and versions have their files.
rule "terraform_standard_module_structure" {
  enabled = false
}
