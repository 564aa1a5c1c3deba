use std::path::Path;

/// `BLESS=1` rewrites the file, so that the change is seen in review.
#[test]
fn the_schema_stands_in_schemas() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/api.graphql");
    let sdl = daybook_api::sdl();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &sdl).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == sdl,
        "schemas/api.graphql is not the schema any more; run the test with BLESS=1 and review the difference"
    );
}
